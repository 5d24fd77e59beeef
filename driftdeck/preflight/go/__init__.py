"""Texts as Go reads them: templates, addresses, regular expressions."""
