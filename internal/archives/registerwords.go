package archives

// words are the names of the fixed classes and categories (A1.1-A1.4), in Chinese and English.
var words = map[string][2]string{
	"EXTERNAL": {"外部资料", "External"}, "INTERNAL": {"内部资料", "Internal"}, "STAFF": {"员工档案", "Staff"}, "HOUSEHOLD": {"业户档案", "Household"},
	"DEVELOPER": {"开发商资料", "Developer's material"}, "LAW": {"法律法规", "Laws and regulations"}, "OTHER_EXTERNAL": {"其他外部资料", "Other external"},
	"MANAGEMENT_MANUAL": {"管理手册", "Management manual"}, "TRAINING_MANUAL": {"培训手册", "Training manual"},
	"WORK": {"工作档案", "Work file"}, "TRAINING": {"培训档案", "Training file"},
	"MOVE_IN": {"入伙资料", "Move-in"}, "RENOVATION_PAPERS": {"装修工程资料", "Renovation papers"}, "PAYMENTS": {"缴费及押金", "Payments and deposits"},
	"VIOLATIONS": {"违章、欠费", "Violations and arrears"}, "RENOVATION_RECORDS": {"装修记录", "Renovation records"}, "COMPLAINTS": {"投诉", "Complaints"},
	"CORRESPONDENCE": {"往来函件", "Correspondence"}, "SUPPLEMENTS": {"补充资料", "Supplements"},
}

// word is the name of a class or a category in the register's language.
func word[T ~string](say func(zh, en string) string, of T) string {
	w := words[string(of)]
	return say(w[0], w[1])
}
