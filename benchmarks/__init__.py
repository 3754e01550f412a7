"""Speed as ratios against a peer on the same machine in the same minute; never a timed test."""
