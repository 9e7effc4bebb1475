-- Search of the archive (A4, A6): which words stand in which document, made in Go (internal/fulltext) and read by equality, since nothing else
-- uses an index below row-level security. What is destroyed or voided loses its words in the same statement, and gets none again.

-- +goose Up

-- Row-level security binds the owner, too.
SELECT set_config('app.estate_ids', '*', true);

ALTER TABLE "archive_documents" ADD COLUMN "text_state" character varying NOT NULL DEFAULT 'NONE';

CREATE SCHEMA search;
GRANT USAGE ON SCHEMA search TO steward_app;

-- A posting says that a term stands in a document: on page 0 in what is said of it (title, source, edition, codes), else first on that page
-- of its content. It is no entity: the only way to it is through the document, and so through the document's scope.
CREATE TABLE search.postings (
    estate_id    uuid     NOT NULL,
    term         text     NOT NULL COLLATE "C",
    document_id  uuid     NOT NULL,
    page         smallint NOT NULL,
    household_id uuid     NULL, -- the document's, for the policy of residents
    PRIMARY KEY (estate_id, term, document_id, page) INCLUDE (household_id),
    CONSTRAINT postings_document FOREIGN KEY (estate_id, document_id) REFERENCES archive_documents (estate_id, id) ON DELETE RESTRICT,
    CONSTRAINT postings_page CHECK (page >= 0));
CREATE INDEX postings_of ON search.postings (estate_id, document_id);
SELECT wall('search.postings', household => 'household_id', append_only => true);
REVOKE INSERT ON search.postings FROM steward_app; -- search.put alone writes

-- What is to be read. As a queue of jobs it is the program's own: nobody has rights on it, and only the program asks the functions.
CREATE TABLE search.unread (
    document uuid        PRIMARY KEY,
    estate   uuid        NOT NULL,
    content  boolean     NOT NULL, -- the content, too, and not only what is said of it
    asked    integer     NOT NULL DEFAULT 1, -- grows with every change: what was read before one is not the last word
    tries    smallint    NOT NULL DEFAULT 0, -- that have begun: what kills the reader is not read for ever
    free_at  timestamptz NOT NULL DEFAULT '-infinity'); -- until then somebody reads it
ALTER TABLE search.unread ENABLE ROW LEVEL SECURITY;
CREATE POLICY program ON search.unread USING (identity.is_system());
CREATE INDEX unread_free ON search.unread (free_at, document);

-- +goose StatementBegin
CREATE FUNCTION search.text_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.text_state := CASE WHEN TG_OP = 'INSERT' AND NEW.sha256 <> '' THEN 'WAITING' ELSE 'NONE' END;
    RETURN NEW;
END $$;
CREATE FUNCTION search.wanted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO search.unread AS u (estate, document, content) VALUES (NEW.estate_id, NEW.id, TG_OP = 'INSERT' AND NEW.sha256 <> '')
        ON CONFLICT (document) DO UPDATE SET asked = u.asked + 1, tries = 0, free_at = '-infinity';
    RETURN NULL;
END $$;
CREATE FUNCTION search.erase() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM search.postings p WHERE p.estate_id = NEW.estate_id AND p.document_id = NEW.id;
    DELETE FROM search.unread u WHERE u.document = NEW.id;
    RETURN NULL;
END $$;
-- What is gone gets no words, whoever puts them: its row is locked, so that a destruction waits for this or this sees the destruction.
CREATE FUNCTION search.alive() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    state text;
BEGIN
    FOR state IN SELECT d.state FROM archive_documents d WHERE (d.estate_id, d.id) IN (SELECT DISTINCT r.estate_id, r.document_id FROM rows r) ORDER BY d.id FOR SHARE LOOP
        IF state NOT IN ('INBOX', 'BOUND') THEN
            RAISE check_violation USING CONSTRAINT = 'postings_gone', MESSAGE = 'what is destroyed or voided is not found';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION search.wanted, search.erase FROM PUBLIC;
CREATE TRIGGER search_text_state_begins BEFORE INSERT ON archive_documents FOR EACH ROW EXECUTE FUNCTION search.text_state();
CREATE TRIGGER search_text_state_ends BEFORE UPDATE OF state ON archive_documents FOR EACH ROW
    WHEN (NEW.state IN ('DESTROYED', 'VOIDED') AND OLD.state <> NEW.state) EXECUTE FUNCTION search.text_state();
CREATE TRIGGER search_wanted AFTER INSERT ON archive_documents FOR EACH ROW EXECUTE FUNCTION search.wanted();
CREATE TRIGGER search_wanted_anew AFTER UPDATE OF title, source, edition, volume_id ON archive_documents FOR EACH ROW
    WHEN (NEW.state IN ('INBOX', 'BOUND') AND (OLD.title, OLD.source, OLD.edition, OLD.volume_id) IS DISTINCT FROM (NEW.title, NEW.source, NEW.edition, NEW.volume_id))
    EXECUTE FUNCTION search.wanted();
CREATE TRIGGER search_erase AFTER UPDATE OF state ON archive_documents FOR EACH ROW WHEN (NEW.state IN ('DESTROYED', 'VOIDED')) EXECUTE FUNCTION search.erase();
CREATE TRIGGER alive AFTER INSERT ON search.postings REFERENCING NEW TABLE AS rows FOR EACH STATEMENT EXECUTE FUNCTION search.alive();

-- Takes the next that is to be read, for as long as a reader is given.
-- +goose StatementBegin
CREATE FUNCTION search.take(at timestamptz, until timestamptz) RETURNS SETOF search.unread SECURITY DEFINER LANGUAGE sql SET search_path = pg_catalog, public AS $$
    UPDATE search.unread u SET tries = u.tries + 1, free_at = until WHERE identity.is_system() AND u.document = (
        SELECT n.document FROM search.unread n WHERE n.free_at <= at ORDER BY n.free_at, n.document LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING u.* $$;

-- Gives back what could not be read for a reason that passes, such as a store that does not answer: that is no try.
CREATE FUNCTION search.again(document uuid) RETURNS void SECURITY DEFINER LANGUAGE sql SET search_path = pg_catalog, public AS $$
    UPDATE search.unread u SET tries = greatest(u.tries - 1, 0) WHERE identity.is_system() AND u.document = again.document $$;

-- Puts what was read of a document in the place of what was there: of what is said of it, and of its content if that was read. It is struck
-- off, unless the document changed meanwhile. What is gone keeps nothing.
CREATE FUNCTION search.put(estate uuid, document uuid, asked integer, content boolean, text_state text, terms text[], pages smallint[])
RETURNS boolean SECURITY DEFINER LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    d archive_documents;
BEGIN
    IF NOT identity.is_system() THEN
        RAISE insufficient_privilege USING MESSAGE = 'the program alone puts words';
    END IF;
    SELECT * INTO d FROM archive_documents x WHERE x.estate_id = put.estate AND x.id = put.document FOR UPDATE;
    IF d.state IS NULL OR d.state NOT IN ('INBOX', 'BOUND') THEN
        DELETE FROM search.unread u WHERE u.document = put.document;
        RETURN false;
    END IF;
    DELETE FROM search.postings p WHERE p.estate_id = put.estate AND p.document_id = put.document AND (p.page = 0 OR put.content);
    INSERT INTO search.postings (estate_id, term, document_id, page, household_id)
        SELECT put.estate, x.term, put.document, x.page, d.household_id FROM unnest(put.terms, put.pages) x (term, page) ORDER BY x.term;
    IF put.content THEN
        UPDATE archive_documents x SET text_state = put.text_state WHERE x.estate_id = put.estate AND x.id = put.document;
    END IF;
    DELETE FROM search.unread u WHERE u.document = put.document AND u.asked = put.asked;
    RETURN true;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION search.take, search.again, search.put FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search.take, search.again, search.put TO steward_app;

-- What the archive held before is read as if it were handed in now, a few at a time.
UPDATE archive_documents SET text_state = 'WAITING' WHERE state IN ('INBOX', 'BOUND') AND sha256 <> '';
INSERT INTO search.unread (estate, document, content) SELECT estate_id, id, sha256 <> '' FROM archive_documents WHERE state IN ('INBOX', 'BOUND');
