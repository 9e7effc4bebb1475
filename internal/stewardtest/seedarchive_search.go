package stewardtest

import "github.com/google/uuid"

// queueSearch puts a few words of the households' complaints, as the program does within a minute (A4).
func (b *batch) queueSearch(estate uuid.UUID) {
	b.queue(`SELECT search.put(estate_id, id, 0, false, 'NONE', '{投诉}', '{0}') FROM archive_documents WHERE estate_id = $1 AND title = '投诉记录'`, estate)
}
