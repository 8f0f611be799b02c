"""How is any graph answered fast and safely? Documents, plans, execution, paging, limits, the error contract.

Nothing in here knows the programme. docs/engine.md follows one operation from text to bytes.
"""
