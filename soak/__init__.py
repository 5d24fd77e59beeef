"""Long trials of what must not break: run by hand, counted, and told in docs/reliability.md."""
