"""The database refuses to change or remove what is sealed, whoever asks. Created with the tables, and by the first migration:

for statement in triggers.statements(op.get_bind().dialect.name):
    op.execute(statement)
"""

SEALED = ("audit_entries", "audit_checkpoints")


def _on_sqlite(table: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} can only be added to'); END"
    same = f"SELECT 1 FROM {table} WHERE id = NEW.id OR (chain = NEW.chain AND n = NEW.n)"  # noqa: S608
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        # INSERT OR REPLACE removes the old row without asking the DELETE trigger.
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({same}) {refuse}",
    ]


def _on_postgresql(table: str) -> list[str]:
    return [
        "CREATE OR REPLACE FUNCTION audit_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || '' can only be added to'', ERRCODE = ''restrict_violation''; END'",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_only_added_to()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added_to()",
    ]


TRIGGERS = {table: {"sqlite": _on_sqlite(table), "postgresql": _on_postgresql(table)} for table in SEALED}

_UNSEAL = {
    "sqlite": [f"DROP TRIGGER {table}_no_{what}" for table in SEALED for what in ("update", "delete", "replace")],
    "postgresql": [f"DROP TRIGGER {table}_no_{what} ON {table}" for table in SEALED for what in ("change", "truncate")],
}


def statements(dialect: str) -> list[str]:
    """What seals the tables, for a migration that has just created them."""
    return [statement for table in SEALED for statement in TRIGGERS[table][dialect]]


def unsealing(dialect: str) -> list[str]:
    """What a migration that changes these tables, or a test that tampers with them, runs first."""
    return _UNSEAL[dialect]
