"""The online counter: ledgers of procedures and forms, form files, applications, the intake page."""
