package main

import (
	"slices"

	"entgo.io/ent/dialect/sql/schema"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/migrate"
)

// tables are the entities' tables with the third wall: ent knows single-column keys only, so primary
// keys become (id, estate_id) and foreign keys between tenant tables (estate_id, x_id) -> (estate_id, id),
// ON DELETE RESTRICT. No row can then point into another estate, which row-level security
// would not stop, since foreign-key checks bypass it.
func tables() ([]*schema.Table, error) {
	all, err := schema.CopyTables(migrate.Tables)
	if err != nil {
		return nil, err
	}
	tenant := map[string]*schema.Column{}
	for _, e := range ent.Entities {
		if e.Estate != "estate_id" {
			continue
		}
		t := tableNamed(all, e.Table)
		estate, _ := t.Column("estate_id")
		tenant[t.Name] = estate
		t.PrimaryKey = append(t.PrimaryKey, estate)
	}
	for _, t := range all {
		for _, fk := range t.ForeignKeys {
			fk.OnDelete = schema.Restrict
			if own, ref := tenant[t.Name], tenant[fk.RefTable.Name]; own != nil && ref != nil {
				fk.Columns = append([]*schema.Column{own}, fk.Columns...)
				fk.RefColumns = append([]*schema.Column{ref}, fk.RefColumns...)
			}
		}
	}
	return all, nil
}

func tableNamed(tables []*schema.Table, name string) *schema.Table {
	return tables[slices.IndexFunc(tables, func(t *schema.Table) bool { return t.Name == name })]
}
