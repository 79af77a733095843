"""The shipped strategies, one file each: the idea, its source and when it fails stand on top."""
