package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/steward-pm/steward/internal/calendar"
)

// plan is one estate of the demo portfolio.
type plan struct {
	code, name          string
	buildings, floors   int
	entrances, perFloor int // doors on a floor of one entrance
}

var portfolio = []plan{
	{"CHHY", "翠湖花园", 5, 11, 2, 4},
	{"JXL", "锦绣里", 4, 9, 3, 3},
	{"YLT", "云澜台", 3, 12, 2, 4},
}

var (
	surnames = []rune("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕")
	given    = []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华梅玲兰红春红飞宁宇欣怡晨雨佳嘉俊浩轩涵")
)

func name(r *rand.Rand) string {
	n := []rune{surnames[r.IntN(len(surnames))], given[r.IntN(len(given))]}
	if r.IntN(3) > 0 {
		n = append(n, given[r.IntN(len(given))])
	}
	return string(n)
}

func phone(r *rand.Rand) string {
	return fmt.Sprintf("13%d%08d", r.IntN(10), r.IntN(100_000_000))
}

// sheets are an estate's two spreadsheets, as an office keeps them: units with households, and keys.
func (p plan) sheets(r *rand.Rand, today calendar.Day) (units, keys []byte) {
	var u, k bytes.Buffer
	uw, kw := csv.NewWriter(&u), csv.NewWriter(&k)
	_ = uw.Write([]string{"楼栋", "单元", "房号", "面积(㎡)", "状态", "业户姓名", "联系电话", "入伙通知日期", "入伙日期", "紧急联系人", "紧急联系电话", "备注"})
	_ = kw.Write([]string{"楼栋", "单元", "房号", "位置", "应交数量", "实交数量", "状态", "交验人", "跟进情况"})
	areas := []string{"62.50", "78.13", "89", "96.40", "113.27", "128", "143.88"}
	for b := 1; b <= p.buildings; b++ {
		for f := 1; f <= p.floors; f++ {
			for d := 1; d <= p.entrances*p.perFloor; d++ {
				door := []string{fmt.Sprintf("%d栋", b), fmt.Sprintf("%d单元", (d-1)/p.perFloor+1), fmt.Sprintf("%d%02d", f, d)}
				row, state := p.unit(r, today, areas[r.IntN(len(areas))])
				_ = uw.Write(append(door, row...))
				_ = kw.Write(append(door, keyRow(r, state)...))
			}
		}
	}
	uw.Flush()
	kw.Flush()
	return u.Bytes(), k.Bytes()
}

// unit is what stands on a unit's line after its door.
func (p plan) unit(r *rand.Rand, today calendar.Day, area string) (row []string, state string) {
	switch n := r.IntN(100); {
	case n < 14:
		return []string{area, "空置", "", "", "", "", "", "", ""}, "空置"
	case n < 24:
		return []string{area, "待入伙", name(r), phone(r), today.AddDays(-r.IntN(25)).String(), "", "", "", ""}, "待入伙"
	case n < 32:
		state = "装修中"
	default:
		state = "已入住"
	}
	noticed := today.AddDays(-60 - r.IntN(3000))
	row = []string{area, state, name(r), phone(r), noticed.String(), noticed.AddDays(r.IntN(25)).String(), "", "", ""}
	if r.IntN(4) == 0 {
		row[6], row[7] = name(r), phone(r)
	}
	return row, state
}

// keyRow is what stands on a key line after its door: engineering still owes some keys of one set in thirty.
func keyRow(r *rand.Rand, unit string) []string {
	delivered, follow := 5, ""
	if r.IntN(30) == 0 {
		delivered = 2 + r.IntN(3)
		follow = "已催工程部补交"
	}
	state := "完好"
	if unit == "已入住" && r.IntN(20) > 0 {
		state = "已移交业主"
	}
	return []string{"户门", "5", fmt.Sprint(delivered), state, "工程部", follow}
}

// seeded gives the same portfolio on every machine.
func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(20260101, n)) } //nolint:gosec // a demo, not a secret

// at is a clock time on a day of an estate.
func at(day calendar.Day, zone *time.Location, hour, minute int) time.Time {
	return time.Date(day.Year(), day.Month(), day.DayOfMonth(), hour, minute, 0, 0, zone)
}
