// Package ent is what ent writes from schema; by hand are schema, template, migrations and entc.go.
package ent

//go:generate go run -mod=mod entc.go
