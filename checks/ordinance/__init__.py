"""The town's ordinances: clauses that demand a seal, paper or presence."""
