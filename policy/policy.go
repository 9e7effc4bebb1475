// Package policy says who may do what: role × resource × action -> scope (the rulebook's "Who may do what").
//
// The rules are casbin's, in model.conf and policy.csv, and know no tenants: who holds which role where
// lives in the database. At start casbin is asked for every combination once and the answers become
// a table, so that a decision is an array look-up.
package policy

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/util"
)

// Role is a role of the rulebook, granted to accounts.
type Role string

// The roles.
const (
	GeneralManager Role = "general-manager"
	ProjectManager Role = "project-manager"
	Supervisor     Role = "supervisor"
	CSOfficer      Role = "cs-officer"
	KeyCustodian   Role = "key-custodian"
	Archivist      Role = "archivist"
	Receptionist   Role = "receptionist"
	MailSorter     Role = "mail-sorter"
	Accountant     Role = "accountant"
	SealKeeper     Role = "seal-keeper"
	Security       Role = "security"
	Engineering    Role = "engineering"
	Auditor        Role = "auditor"
	Resident       Role = "resident"
)

// Roles lists all roles, in the rulebook's order.
var Roles = []Role{
	GeneralManager, ProjectManager, Supervisor, CSOfficer, KeyCustodian, Archivist, Receptionist, MailSorter,
	Accountant, SealKeeper, Security, Engineering, Auditor, Resident,
}

// Resource is what is acted upon: an entity's name, or one of the things that are no entity.
type Resource string

// Resources lists all resources, as they are declared below. A test holds that every entity is among them.
var Resources []Resource

// The resources.
var (
	Estate                 = resource("Estate")
	Area                   = resource("Area")
	Building               = resource("Building")
	Unit                   = resource("Unit")
	Department             = resource("Department")
	Staff                  = resource("Staff")
	Household              = resource("Household")
	Occupancy              = resource("Occupancy")
	ResidentPerson         = resource("Resident")
	EmergencyContact       = resource("EmergencyContact")
	ExternalPerson         = resource("ExternalPerson")
	File                   = resource("File")
	ImportRun              = resource("ImportRun")
	Obligation             = resource("Obligation")
	KeySet                 = resource("KeySet")
	KeyHolder              = resource("KeyHolder")
	KeyMovement            = resource("KeyMovement")
	KeyBalance             = resource("KeyBalance")
	KeyAcceptance          = resource("KeyAcceptance")
	KeyAcceptanceLine      = resource("KeyAcceptanceLine")
	KeyLoan                = resource("KeyLoan")
	KeyLoanLine            = resource("KeyLoanLine")
	KeyReturn              = resource("KeyReturn")
	KeyLoss                = resource("KeyLoss")
	KeyCabinetOpening      = resource("KeyCabinetOpening")
	KeyFollowUp            = resource("KeyFollowUp")
	KeyHook                = resource("KeyHook")
	KeySeal                = resource("KeySeal")
	KeyAcceptanceCheck     = resource("KeyAcceptanceCheck")
	KeyGeneration          = resource("KeyGeneration")
	KeyLockChange          = resource("KeyLockChange")
	KeyCopyOrder           = resource("KeyCopyOrder")
	KeyScrapping           = resource("KeyScrapping")
	KeyLoanRequest         = resource("KeyLoanRequest")
	KeyLoanRequestLine     = resource("KeyLoanRequestLine")
	KeyStatement           = resource("KeyStatement")
	KeyStatementLine       = resource("KeyStatementLine")
	KeySpotCheck           = resource("KeySpotCheck")
	Signature              = resource("Signature")
	Certificate            = resource("Certificate")
	ArchiveFile            = resource("ArchiveFile")
	ArchiveVolume          = resource("ArchiveVolume")
	ArchiveDocument        = resource("ArchiveDocument")
	ArchiveManual          = resource("ArchiveManual")
	ArchivePermit          = resource("ArchivePermit")
	Violation              = resource("Violation")
	Complaint              = resource("Complaint")
	Renovation             = resource("Renovation")
	RenovationStep         = resource("RenovationStep")
	Correspondence         = resource("Correspondence")
	ArchiveRequest         = resource("ArchiveRequest")
	ArchiveRequestDocument = resource("ArchiveRequestDocument")
	ArchiveLoan            = resource("ArchiveLoan")
	ArchiveLoanLine        = resource("ArchiveLoanLine")
	ArchiveReturn          = resource("ArchiveReturn")
	StaffFileConsultation  = resource("StaffFileConsultation")
	ArchiveRetention       = resource("ArchiveRetention")
	ArchiveHold            = resource("ArchiveHold")
	ArchiveDestruction     = resource("ArchiveDestruction")
	ArchiveDestructionLine = resource("ArchiveDestructionLine")
	Approval               = resource("Approval")
	Reconciliation         = resource("Reconciliation")
	ReconciliationLine     = resource("ReconciliationLine")
	MailReceipt            = resource("MailReceipt")
	MailReceiptLine        = resource("MailReceiptLine")
	MailItem               = resource("MailItem")
	MailEvent              = resource("MailEvent")
	MailDelivery           = resource("MailDelivery")
	MailDay                = resource("MailDay")
	MailScan               = resource("MailScan")
	MailExcuse             = resource("MailExcuse")
	Publication            = resource("Publication")
	PressSubscription      = resource("PressSubscription")
	PressPause             = resource("PressPause")
	PressReceipt           = resource("PressReceipt")
	PressDelivery          = resource("PressDelivery")
	PressAllocation        = resource("PressAllocation")
	PressClaim             = resource("PressClaim")
	PressRecovery          = resource("PressRecovery")
	MailCase               = resource("MailCase")
	Vacancy                = resource("Vacancy")
	MeterReading           = resource("MeterReading")
	Defect                 = resource("Defect")
	DefectEvent            = resource("DefectEvent")
	DefectPhoto            = resource("DefectPhoto")
	InspectionItem         = resource("InspectionItem")
	InspectionDue          = resource("InspectionDue")
	Inspection             = resource("Inspection")
	InspectionResult       = resource("InspectionResult")
	InspectionPhoto        = resource("InspectionPhoto")
	InspectionRound        = resource("InspectionRound")
	InspectionRoundLine    = resource("InspectionRoundLine")
	InspectionRoundKey     = resource("InspectionRoundKey")
	FeeBook                = resource("FeeBook")
	FeeTariff              = resource("FeeTariff")
	FeeRun                 = resource("FeeRun")
	FeeNotice              = resource("FeeNotice")
	FeeNoticeLine          = resource("FeeNoticeLine")
	FeeCreditNote          = resource("FeeCreditNote")
	FeePayment             = resource("FeePayment")
	FeeAllocation          = resource("FeeAllocation")
	FeeAccount             = resource("FeeAccount")
	FeeEntry               = resource("FeeEntry")
	FeePosting             = resource("FeePosting")
	FeeDispatch            = resource("FeeDispatch")
	FeeProof               = resource("FeeProof")
	FeeReport              = resource("FeeReport")
	FeeDunning             = resource("FeeDunning")
	FeeDunningLine         = resource("FeeDunningLine")
	FeeBankStatement       = resource("FeeBankStatement")
	FeeBankLine            = resource("FeeBankLine")
	FeeRefund              = resource("FeeRefund")
	FeeRefundPart          = resource("FeeRefundPart")
	CalendarDay            = resource("CalendarDay")
	DutyShift              = resource("DutyShift")
	DutyRoster             = resource("DutyRoster")
	DutyAssignment         = resource("DutyAssignment")
	DutyChange             = resource("DutyChange")
	DutyLeave              = resource("DutyLeave")
	DutySwap               = resource("DutySwap")
	DutyFeed               = resource("DutyFeed")
	DutyHandover           = resource("DutyHandover")
	DutyHandoverLine       = resource("DutyHandoverLine")
	RegisterExport         = resource("RegisterExport")

	Account    = resource("Account")
	Grant      = resource("Grant")
	AuditTrail = resource("AuditTrail")
	Webhook    = resource("Webhook") // and what was delivered to it
	Job        = resource("Job")     // what the program does by itself
)

func resource(name string) Resource {
	Resources = append(Resources, Resource(name))
	return Resource(name)
}

// Action is what is done to a resource.
type Action string

// The actions.
const (
	Read    Action = "read"
	Reveal  Action = "reveal" // see contact data in full, and what a file holds
	Export  Action = "export" // download as a register
	Create  Action = "create"
	Update  Action = "update"
	Issue   Action = "issue" // open the cabinet, and give out keys straight from it (K1.2)
	Import  Action = "import"
	Answer  Action = "answer"  // decide, as the leader, what was reported (K2.3)
	Approve Action = "approve" // decide what was asked
	Void    Action = "void"    // counter an act, with a reason
	Bind    Action = "bind"    // sort documents into volumes (A2)
	Settle  Action = "settle"  // resolve the differences of a count, and close it
)

// Actions lists all actions.
var Actions = []Action{Read, Reveal, Export, Create, Update, Issue, Import, Answer, Approve, Void, Bind, Settle}

// Scope is how far a permission reaches, in the place where the role is held.
type Scope uint8

// The scopes, from nothing to everything.
const (
	None         Scope = iota
	Self               // what concerns the person: the own staff row, the own household
	OfHouseholds       // what concerns any household of the estate, and the person
	OfDept             // the department's own
	OfEstate           // the estate's
	OfPortfolio        // every estate's, and what belongs to none
)

var scopeNames = [...]string{"none", "self", "households", "department", "estate", "portfolio"}

// String is the scope's name in policy.csv.
func (s Scope) String() string { return scopeNames[s] }

//go:embed model.conf
var modelText string

//go:embed policy.csv
var policyText string

// Table holds the answer to every combination. It is immutable.
type Table struct {
	scopes map[key]Scope
}

type key struct {
	role     Role
	resource Resource
	action   Action
}

// Load is the policy that is built into the program, compiled when it is first asked for.
func Load() (*Table, error) { return builtIn() }

var builtIn = sync.OnceValues(func() (*Table, error) { return Compile(modelText, policyText) })

// Text returns the policy that is built in, so that tests can remove a line and see what it guards.
func Text() string { return policyText }

// LoadText compiles another policy under the built-in model.
func LoadText(policy string) (*Table, error) { return Compile(modelText, policy) }

// Compile asks casbin for every combination. It fails on a line that names an unknown role, resource,
// action or scope, since such a line would grant nothing without a word.
func Compile(modelText, policyText string) (*Table, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("policy model: %w", err)
	}
	rules, err := parse(policyText)
	if err != nil {
		return nil, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	t := &Table{scopes: make(map[key]Scope, len(Roles)*len(Resources)*len(Actions))}
	for _, role := range Roles {
		for _, resource := range Resources {
			if err := t.decide(e, role, resource, rules); err != nil {
				return nil, fmt.Errorf("policy: %w", err)
			}
		}
	}
	return t, nil
}

// decide asks for every action of one role on one resource. casbin looks at each line for each question, so it is given those alone
// that are about the role and the resource: all others could only be refused by the matcher.
func (t *Table) decide(e *casbin.Enforcer, role Role, resource Resource, rules [][]string) error {
	var own [][]string
	for _, r := range rules {
		if r[0] == string(role) && util.KeyMatch(string(resource), r[1]) {
			own = append(own, r)
		}
	}
	e.ClearPolicy()
	added, err := e.AddPolicies(own)
	if err != nil {
		return err
	}
	if !added && len(own) > 0 { // casbin adds none if it has one already
		return fmt.Errorf("policy.csv says the same of %s on %s twice", role, resource)
	}
	for _, action := range Actions {
		ok, why, err := e.EnforceEx(string(role), string(resource), string(action))
		if err != nil {
			return err
		}
		if ok {
			t.scopes[key{role, resource, action}] = scopeByName(why[3])
		}
	}
	return nil
}

// Scope answers how far the role's permission reaches.
func (t *Table) Scope(role Role, resource Resource, action Action) Scope {
	return t.scopes[key{role, resource, action}]
}

// parse reads policy.csv: role, resource, action, scope; several roles, resources or actions may share a line, by "|".
func parse(text string) ([][]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.TrimLeadingSpace, r.FieldsPerRecord = '#', true, 4
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("policy.csv: %w", err)
	}
	var rules [][]string
	for _, l := range lines {
		for _, role := range strings.Split(l[0], "|") {
			for _, resource := range strings.Split(l[1], "|") {
				for _, action := range strings.Split(l[2], "|") {
					if err := known(role, resource, action, l[3]); err != nil {
						return nil, err
					}
					rules = append(rules, []string{role, resource, action, l[3], "allow"})
				}
			}
		}
	}
	return rules, nil
}

func known(role, resource, action, scope string) error {
	switch {
	case !slices.Contains(Roles, Role(role)):
		return fmt.Errorf("policy.csv: no role %q", role)
	case !matches(Resources, resource):
		return fmt.Errorf("policy.csv: no resource %q", resource)
	case !matches(Actions, action):
		return fmt.Errorf("policy.csv: no action %q", action)
	case scopeByName(scope) == None && scope != None.String():
		return fmt.Errorf("policy.csv: no scope %q", scope)
	}
	return nil
}

func matches[T ~string](list []T, pattern string) bool {
	for _, x := range list {
		if string(x) == pattern || strings.HasSuffix(pattern, "*") && strings.HasPrefix(string(x), pattern[:len(pattern)-1]) {
			return true
		}
	}
	return false
}

func scopeByName(name string) Scope {
	for i, n := range scopeNames {
		if n == name {
			return Scope(i)
		}
	}
	return None
}
