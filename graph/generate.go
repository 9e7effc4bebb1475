// Package graph is the GraphQL surface: one SDL file and one resolver file per module. A resolver
// decodes, calls, returns; rules live in internal.
package graph

//go:generate go run github.com/99designs/gqlgen generate
