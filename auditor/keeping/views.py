"""The views of the history that others may rely on (docs/history.md); tables behind them may change."""

VIEWS = (
    """CREATE VIEW v_run AS
        SELECT number AS run, day, started, model, digest AS model_digest, version,
               upper(hex(seal)) AS seal FROM run""",
    """CREATE VIEW v_interval AS
        SELECT target, control, shown_as, key, first_run, last_run, first_day, last_day,
               last_run = (SELECT max(number) FROM run) AS current FROM state""",
    """CREATE VIEW v_now AS
        SELECT target, control, shown_as, key, first_day AS since FROM state
        WHERE last_run = (SELECT max(number) FROM run)""",
    """CREATE VIEW v_change AS
        SELECT s.first_run AS run, s.first_day AS day, s.target, s.control,
               coalesce((SELECT e.shown_as FROM state e WHERE e.target = s.target AND e.control = s.control
                         AND e.last_run = s.first_run - 1), '') AS before, s.shown_as AS after
        FROM state s WHERE s.first_run > (SELECT min(number) FROM run)
        UNION ALL
        SELECT g.last_run + 1, (SELECT day FROM run WHERE number = g.last_run + 1), g.target, g.control,
               g.shown_as, ''
        FROM state g WHERE g.last_run < (SELECT max(number) FROM run) AND NOT EXISTS
            (SELECT 1 FROM state n WHERE n.target = g.target AND n.control = g.control
             AND n.first_run = g.last_run + 1)""",
    """CREATE VIEW v_day AS
        SELECT day, section, people, ready, fail, unknown, passed FROM daily WHERE section <> ''""",
    """CREATE VIEW v_town_day AS
        SELECT day, people, ready, fail, unknown, passed FROM daily WHERE section = ''""",
    """CREATE VIEW v_control AS
        SELECT id AS control, title_ja, title_en, severity, leg FROM control""",
)
"""`shown_as` as in `auditor.findings.shown_as`; days are Japan's. A change of the sentence's key alone
begins an interval too, so `v_change` may show a row whose `before` and `after` are the same word.
"""

NAMES = tuple(view.split()[2] for view in VIEWS)
