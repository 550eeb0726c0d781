"""A local S3 Batch Operations endpoint over any S3 store."""
