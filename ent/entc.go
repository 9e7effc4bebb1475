//go:build ignore

// Generates ent, and the GraphQL types of the entities (graph/schema/ent.graphql).
package main

import (
	"log"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
	"github.com/steward-pm/steward/ent/generate"
)

func main() {
	graphql, err := entgql.NewExtension(
		entgql.WithSchemaGenerator(),
		entgql.WithSchemaPath("../graph/schema/ent.graphql"),
		entgql.WithWhereInputs(true),
		entgql.WithRelaySpec(true),
		entgql.WithSchemaHook(generate.Describe),
	)
	if err != nil {
		log.Fatalf("entgql: %v", err)
	}
	err = entc.Generate("./schema", &gen.Config{
		Features: []gen.Feature{gen.FeatureIntercept, gen.FeatureLock, gen.FeatureModifier},
		Hooks:    []gen.Hook{generate.AllowList, generate.IDs, generate.Hide, generate.NoCountForPageInfo},
	}, entc.Extensions(graphql), entc.TemplateDir("./template"))
	if err != nil {
		log.Fatalf("ent: %v", err)
	}
}
