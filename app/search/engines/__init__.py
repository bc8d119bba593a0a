"""Two engines behind one interface: Whoosh beside SQLite, PostgreSQL in its own database. Neither parses what people type."""
