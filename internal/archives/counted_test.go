package archives_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Volumes, files and mere numbers of a household are readings, which the household sees; looking who read is none (A6).
func TestA6_VolumesFilesAndNumbersAreReadings(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, officer, resident := app.As(policy.Archivist), app.As(policy.CSOfficer), app.Resident()
	volume := opened(archivist, volumeOf(app, "ZZ-20", set("title", "张三家暴投诉")))
	file := app.IDs(`SELECT id FROM archive_files WHERE household_id = $1`, app.A.Household)[0]
	before := len(readingsOf(resident, app.A.Household))
	reads := func(p *stewardtest.Person, what, query string, id any, more int) {
		t.Helper()
		p.Do(query, vars{"h": id})
		n := len(readingsOf(resident, app.A.Household))
		if n != before+more {
			t.Errorf("%s: %d readings more", what, n-before)
		}
		before = n
	}
	reads(officer, "volumes", `query($h: ID!) { archiveVolumes(where: {householdID: $h}) { edges { node { title bound } } } }`, app.A.Household, 1)
	reads(officer, "a volume", `query($h: ID!) { node(id: $h) { ... on ArchiveVolume { title } } }`, volume, 1)
	reads(officer, "the file", `query($h: ID!) { archiveFiles(where: {householdID: $h}) { edges { node { code place } } } }`, app.A.Household, 1)
	reads(officer, "a number", `query($h: ID!) { archiveDocuments(where: {householdID: $h, category: COMPLAINTS}, first: 0) { totalCount } }`, app.A.Household, 1)
	reads(officer, "a number of many", `query($h: ID!) { archiveDocuments(where: {or: [{householdIDIn: [$h]}]}, first: 0) { totalCount } }`, app.A.Household, 1)
	reads(officer, "a number by the file", `query($h: ID!) { archiveDocuments(where: {fileID: $h}, first: 0) { totalCount } }`, file, 1)
	reads(officer, "a number of a volume", `query($h: ID!) { archiveDocuments(where: {volumeID: $h}, first: 0) { totalCount } }`, volume, 1)
	reads(officer, "that there is none", `query($h: ID!) { violations(where: {householdID: $h, state: VOIDED}) { edges { node { id } } } }`, app.A.Household, 1)
	reads(officer, "who read", readings, app.A.Household, 0)
	reads(resident, "the household itself", `query($h: ID!) { archiveDocuments(where: {householdID: $h}, first: 0) { totalCount } }`, app.A.Household, 0)
	reads(app.As(policy.MailSorter), "who sees no complaint", `query($h: ID!) { complaints(where: {householdID: $h}) { totalCount } }`, app.A.Household, 0)
}
