"""Bodies on the rail's wire, each as small as it may be."""

TOKEN = {"token": "t", "tokenExpires": "2999-01-01T00:00:00-05:00"}
NEW = {"currency": "PEN", "amount": "1.00", "transaction_code": "PC1", "user_email": "a@b"}
WHO = {
    "first_name": "Rosa",
    "last_name": "Quispe",
    "document_type": "DNI",
    "document_number": "45671234",
    "cci": "00219100123456789012",
    "account_type": "SAVINGS",
    "email": "rosa@example.com",
}
