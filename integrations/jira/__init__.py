"""Jira: open tickets once, change them, talk on them, and find them; Cloud (v3) and Data Center (v2)."""
