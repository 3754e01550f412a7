"""What is printed: queues, meters, logs, FAX and paper ledgers."""
