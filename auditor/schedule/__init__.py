"""Starts the nightly run by what the system has: systemd, the Task Scheduler of Windows, or cron."""
