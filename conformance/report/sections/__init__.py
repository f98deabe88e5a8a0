"""The sections of `report.html`: each module computes what its template of the same name shows."""
