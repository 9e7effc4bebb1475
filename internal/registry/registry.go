// Package registry is who and what there is: estates, areas, buildings, units, departments, staff,
// households and who lives where (RULEBOOK, "Who lives where"), and the import of an office's spreadsheets.
package registry
