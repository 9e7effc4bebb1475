package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/complaint"
	"github.com/steward-pm/steward/ent/correspondence"
	"github.com/steward-pm/steward/ent/violation"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/policy"
)

// seedRecords makes one of each structured record of the household (A1.4), each as it stands when it is new.
func seedRecords(s *seeder, table *policy.Table, estate, household uuid.UUID) {
	officer := access.Viewer{Account: uuid.New(), Name: "客服", Grants: []access.Grant{{Role: policy.CSOfficer, Estate: estate}}}
	s.ctx = access.With(s.ctx, access.New(table, officer))
	day, yes := calendar.DayOf(Start.AddDate(0, 0, -1)), true
	do(s, archives.RecordViolation, archives.RecordViolationInput{HouseholdID: household, Kind: violation.KindViolation, Title: "占用消防通道", Dated: day})
	do(s, archives.RecordComplaint, archives.RecordComplaintInput{HouseholdID: household, Way: complaint.WayTelephone, Title: "楼上夜间噪音", Dated: day})
	do(s, archives.ApplyRenovation, archives.ApplyRenovationInput{HouseholdID: household, Title: "厨房装修", Dated: day, BeginsOn: day.AddDays(7), EndsOn: day.AddDays(40)})
	do(s, archives.RecordCorrespondence, archives.RecordCorrespondenceInput{
		HouseholdID: household, Direction: correspondence.DirectionReceived, Way: correspondence.WayLetter, Title: "申请安装充电桩", Dated: day, Awaits: &yes,
	})
}
