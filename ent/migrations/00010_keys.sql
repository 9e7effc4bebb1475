-- What engineering still owes stands on the key set, a loan's line says what was lent, no two cabinets of an
-- estate share a name, and what is due is told in both languages.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE key_sets ADD COLUMN outstanding bigint NOT NULL DEFAULT 0 CONSTRAINT key_sets_outstanding CHECK (outstanding >= 0);
UPDATE key_sets s SET outstanding = l.outstanding
    FROM (SELECT DISTINCT ON (estate_id, set_id) estate_id, set_id, outstanding
            FROM key_acceptance_lines ORDER BY estate_id, set_id, id DESC) l
    WHERE s.estate_id = l.estate_id AND s.id = l.set_id;
CREATE INDEX key_sets_owed ON key_sets (estate_id, sort_key, id) WHERE outstanding > 0;
DROP INDEX keyacceptanceline_estate_id_outstanding;

ALTER TABLE key_loan_lines ADD COLUMN label character varying NOT NULL DEFAULT '';
UPDATE key_loan_lines l SET label = s.label FROM key_sets s WHERE s.estate_id = l.estate_id AND s.id = l.set_id;
ALTER TABLE key_loan_lines ALTER COLUMN label DROP DEFAULT;

-- Names are compared as people read them: 主柜 and 主 柜, A柜 and ａ柜 are one. Where two are, the later gets a number.
UPDATE key_holders h SET name = h.name || '(' || n.nth || ')'
    FROM (SELECT estate_id, id, row_number() OVER (
              PARTITION BY estate_id, lower(regexp_replace(normalize(name, NFKC), '\s', '', 'g')) ORDER BY id) AS nth
            FROM key_holders WHERE kind = 'CABINET') n
    WHERE h.estate_id = n.estate_id AND h.id = n.id AND n.nth > 1;
CREATE UNIQUE INDEX key_holders_cabinet
    ON key_holders (estate_id, lower(regexp_replace(normalize(name, NFKC), '\s', '', 'g'))) WHERE kind = 'CABINET';

ALTER TABLE obligations ADD COLUMN title_en character varying NOT NULL DEFAULT '';
