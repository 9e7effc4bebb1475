// Package vacancy is chapter V of the rulebook: flats and shops that stand empty (空置房).
//
// The database opens a vacancy when a unit falls vacant, be it by an import, and closes it when somebody has moved in
// (00060_vacancies.sql); people say of it what 空置房登记表 asks.
//
//	describe.go V3  Describe: in what condition it is, and since when it stands empty
//	meters.go   V3  ReadMeters; voidreading.go VoidReading
//	list.go     V3  List, and how many keys are held; register.go the register
//
// What is found to be wrong is passed to the department concerned (00062_defects.sql):
//
//	defect.go          V5  ReportDefect; openDefect, for what inspections find
//	defectanswer.go    V5  AcknowledgeDefect, ResolveDefect, ProposeDefectTerm, by the department
//	defectreinspect.go V5  ReinspectDefect, which closes it or not
//	defectservice.go   V5  ReassignDefect, ExtendDefectTerm, VoidDefect, by customer service
//	defectlist.go      V5  Defects; register_defects.go the register
//	dashboard.go       V3  Dashboard: what stands empty, is overdue, is wrong, by estate
//
// defectchange.go is what these have in common; defectphotos.go the photos.
//
// What is done in them, how often, an estate's plan says; what is due of it in which unit the database keeps (00061_inspections.sql, 00080_vacancies_held.sql).
//
//	plan.go          V4      AddItem, ChangeItem: the plan
//	inspect.go       V4, V5  Record: a visit with its results, photos and signature; inspectvoid.go VoidInspection
//	inspectpass.go   V5      what is abnormal goes to its department
//	dues.go          V4.1    what is due, and overdue; remind.go tells who leads once a day
//	punctuality.go   V4      the share done on time, by month
//	register_inspections.go  空置房检查记录
//
// Rounds through them are planned in walking order, and walked with keys that were lent for it (00063_inspection_rounds.sql).
//
//	roundplan.go     V4      PlanRound; roundcalendar.go the month's
//	roundstart.go    V4      StartRound with its keys, AddRoundKeys
//	roundrecord.go   V4, V5  RecordRound: what a phone noted, perhaps without a network
//	roundproof.go    V4      what tells that the visits can have been: keys, times, pictures
//	roundclose.go    V4      CloseRound, signed, with its keys back; CancelRound
//	round.go         V4      what these have in common
package vacancy

import (
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

func init() {
	act.Explain("vacancies_since", fault.Invalid("sinceOn", "该房当时还有业户,请填写最后一户迁出之后的日期。",
		"The unit was not empty then; give a day on or after the last household moved out.").By("V3"))
	act.Explain("vacancies_since_later", fault.Rule("V4.1", "该房已有到期的检查或检查记录,空置起始日期不能改晚;确有错误的,请主管或经理填写原因后更正。",
		"Something was due in the unit by then, or it was inspected: who leads puts the day right, with a reason.").At("reason"))
	act.Explain("vacancies_closed", ended())
	act.Explain("meter_readings_open", ended())
	act.Explain("defects_open", ended().By("V5"))
	act.Explain("defects_way", fault.Clash("异常的状态已变,现在不能这样办理,请重新读取。", "The defect is no longer as it was, and this is no way from there; read it again.").By("V5"))
	act.Explain("defects_own_work", ownWork())
	act.Explain("defects_own_proposal", fault.Rule("V5", "不能批准自己提出的延期,请由另一位主管或经理决定。", "Nobody gives the time that they proposed; another supervisor or manager does."))
	act.Explain("defects_own_term", ownTerm())
	act.Explain("defects_untouched", inHand())
	act.Explain("defects_inspected", fault.Clash("这条异常来自一次检查,请先作废那次检查。", "It comes from an inspection that stands; void that first.").By("V5"))
	act.Explain("inspection_results_defect", noDepartment().At("results"))
	act.Explain("meter_readings_rises", fault.Rule("V3", "读数不能小于前一次、大于后一次;如已换表,请填写换表原因。",
		"A meter shows no less than before, and no more than after; if it was changed, say why.").At("readings"))
	act.Explain("meter_readings_rests", fault.Rule("V3", "之后的读数是换表后抄的,请先作废那些读数。",
		"Later readings rest on this one, since the meter was changed; void those first.").At("id"))
	act.Explain("inspections_open", ended())
	act.Explain("inspections_since", fault.Invalid("occurredAt", "该房当时还未空置,请核对检查时间。", "The unit did not stand empty then; check the time.").By("V4.1"))
	act.Explain("inspection_results_passed", noDepartment().At("results"))
	act.Explain("inspection_photos_once", pictureElsewhere())
	for _, index := range []string{"inspectionitem_estate_id_code", "inspection_items_code"} {
		act.Explain(index, fault.Clash("检查计划中已有这个编号(不分大小写)。", "The plan has an item of this code already, be it in other case.").By("V4.1").At("code"))
	}
	act.Explain("inspection_items_name", fault.Clash("检查计划中已有这个名称(不分大小写)。", "The plan has an item of this name already, be it in other case.").By("V4.1").At("name"))
	act.Explain("inspectionitem_estate_id_position", fault.Clash("他人刚刚增加了检查项目,请重试。", "Somebody added an item just now; try again.").By("V4.1"))
	act.Explain("inspection_items_interval", fault.Invalid("intervalCount", "间隔应为 1 到 366 天,或 1 到 12 个月。", "An interval is 1 to 366 days, or 1 to 12 months.").By("V4.1"))
	act.Explain("inspection_items_weekly", fault.Rule("V4.1", "通风间隔不能超过七天。", "Ventilation is at least every seven days.").At("intervalCount"))
	act.Explain("inspection_items_monthly", fault.Rule("V4.4", "清扫间隔不能超过一个月(按天计不超过 28 天)。", "Cleaning is at least monthly: at most one month, or 28 days.").At("intervalCount"))
}

// noDepartment refuses an abnormal finding that goes to nobody.
func noDepartment() *fault.Error {
	return fault.Rule("V5", "异常情况必须转给相关部门:请选择部门。", "An abnormal finding is passed to a department: say to which.")
}

// ended refuses what is to be recorded of a vacancy that is over.
func ended() *fault.Error {
	return fault.Clash("该房已入住,不再是空置房。", "Somebody has moved in; the unit is vacant no more.").By("V3")
}
