"""Any other service, from its OpenAPI document: each operation that is named becomes a tool."""
