"""TPC-H by Polars: its SQL where it understands the query, its frames where not."""
