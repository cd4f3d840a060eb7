"""wutdet measures how well a detector sees small ships when the weather turns."""
