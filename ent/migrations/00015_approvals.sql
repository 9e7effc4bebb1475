-- Approvals: a question to who decides. Each step is one way, nobody decides the own question, and what is given was signed for:
-- the database holds it, whoever writes.

-- +goose Up
ALTER TABLE approvals ADD COLUMN asked_by_staff_id uuid NULL, ADD COLUMN withdrawn_by_id uuid NULL, ADD COLUMN withdrawn_by_name character varying NOT NULL DEFAULT '', ADD COLUMN withdrawn_at timestamptz NULL, ADD COLUMN withdraw_reason character varying NOT NULL DEFAULT '';
ALTER TABLE approvals
    ADD CONSTRAINT approvals_period CHECK (expires_at > asked_at),
    ADD CONSTRAINT approvals_states CHECK (state IN ('ASKED', 'GIVEN', 'DECLINED', 'WITHDRAWN', 'EXPIRED', 'USED')),
    ADD CONSTRAINT approvals_not_own CHECK (decided_by_id <> asked_by_id),
    ADD CONSTRAINT approvals_decided CHECK (
        (decided_at IS NULL) = (decided_by_id IS NULL) AND (decided_at IS NOT NULL OR decided_by_name = '' AND decision_note = '')
        AND CASE WHEN state IN ('GIVEN', 'DECLINED', 'USED') THEN decided_at IS NOT NULL WHEN state = 'ASKED' THEN decided_at IS NULL ELSE true END
        AND (state <> 'DECLINED' OR decision_note <> '')
        AND decided_at >= asked_at AND decided_at < expires_at),
    ADD CONSTRAINT approvals_withdrawn CHECK (
        (state = 'WITHDRAWN') = (withdrawn_at IS NOT NULL) AND (withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)
        AND (state = 'WITHDRAWN') = (withdraw_reason <> '') AND (state = 'WITHDRAWN' OR withdrawn_by_name = '')),
    ADD CONSTRAINT approvals_used CHECK ((state = 'USED') = (used_at IS NOT NULL) AND used_at >= decided_at AND used_at < expires_at);

-- A question is asked; from then on only its state moves, one way, with the columns that say who and when. The member of staff who asks is
-- noted here, from the row's own estate, and never changes.
-- +goose StatementBegin
CREATE FUNCTION approval_step() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    moves text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.asked_by_staff_id := (SELECT id FROM staffs WHERE estate_id = NEW.estate_id AND account_id = NEW.asked_by_id);
        RETURN NEW;
    END IF;
    moves := CASE
        WHEN OLD.state = 'ASKED' AND NEW.state IN ('GIVEN', 'DECLINED') THEN '{decided_by_id,decided_by_name,decided_at,decision_note}'
        WHEN OLD.state IN ('ASKED', 'GIVEN') AND NEW.state = 'WITHDRAWN' THEN '{withdrawn_by_id,withdrawn_by_name,withdrawn_at,withdraw_reason}'
        WHEN OLD.state IN ('ASKED', 'GIVEN') AND NEW.state = 'EXPIRED' THEN '{}'
        WHEN OLD.state = 'GIVEN' AND NEW.state = 'USED' THEN '{used_at}'
    END;
    IF moves IS NULL OR to_jsonb(NEW) - moves - '{state,version}'::text[] <> to_jsonb(OLD) - moves - '{state,version}'::text[] THEN
        RAISE check_violation USING MESSAGE = format('an approval does not go from %s to %s so', OLD.state, NEW.state), CONSTRAINT = 'approvals_one_way';
    END IF;
    IF NEW.state IN ('GIVEN', 'DECLINED')
        AND NEW.asked_by_staff_id = (SELECT id FROM staffs WHERE estate_id = NEW.estate_id AND account_id = NEW.decided_by_id) THEN
        RAISE check_violation USING MESSAGE = 'who asked does not decide', CONSTRAINT = 'approvals_not_own';
    END IF;
    IF NEW.state = 'GIVEN' AND NOT EXISTS (SELECT FROM signatures WHERE estate_id = NEW.estate_id AND subject_id = NEW.id
        AND kind = 'approval' AND capacity = 'approver' AND method = 'CREDENTIAL' AND account_id = NEW.decided_by_id AND content_hash = NEW.content_hash) THEN
        RAISE check_violation USING MESSAGE = 'what is given is signed for', CONSTRAINT = 'approvals_signed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION approval_step FROM PUBLIC;
CREATE TRIGGER approval_step BEFORE INSERT OR UPDATE ON approvals FOR EACH ROW EXECUTE FUNCTION approval_step();

-- After the row, so that the walls have refused before.
-- +goose StatementBegin
CREATE FUNCTION approval_asked() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'an approval is asked for first', CONSTRAINT = 'approvals_one_way';
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION approval_asked FROM PUBLIC;
CREATE TRIGGER approval_asked AFTER INSERT ON approvals FOR EACH ROW WHEN (NEW.state <> 'ASKED') EXECUTE FUNCTION approval_asked();

INSERT INTO signature_capacities VALUES ('approval', 'approver');

-- Who holds which role in one of the viewer's estates, or everywhere, on a day: whom a question is put to. An estate's viewer does
-- not see the grants of who manages everything, and may still ask them.
-- +goose StatementBegin
CREATE FUNCTION identity.holders(p_estate uuid, p_today date) RETURNS TABLE (account uuid, role text, everywhere boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT DISTINCT g.account_id, g.role, g.estate_id IS NULL
    FROM identity.grants g JOIN identity.accounts a ON a.id = g.account_id AND a.disabled_at IS NULL
    WHERE (identity.sees_all() OR p_estate = ANY (identity.viewer_estates()))
        AND g.revoked_at IS NULL AND g.valid_from <= p_today AND (g.valid_until IS NULL OR g.valid_until >= p_today)
        AND (g.estate_id = p_estate OR g.estate_id IS NULL) AND g.role <> 'resident'
    ORDER BY 1, 2, 3
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION identity.holders FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.holders TO steward_app;
