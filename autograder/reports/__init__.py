"""Reports for instructors: item analysis, lesson run times, the ledger of claims."""
