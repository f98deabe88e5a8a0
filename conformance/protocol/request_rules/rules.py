"""Every code that the judge of requests can emit, and the sentence behind it.

Sources and confidence of what holds beyond the schema are with `conformance.protocol.operations.RULES`.
"""

from typing import Final

RULES: Final = {
    # --- the message ---
    "usi.outdated_namespace": "The request is in the namespace of contract version 5.",
    "usi.unknown_operation": "The request is one of the operations of the contract.",
    "usi.schema": "The request is valid against the schema of its operation.",
    # --- bulk messages ---
    "usi.count": "The number that is announced is the number of records.",
    "usi.record_id_repeated": "Every RecordId stands once in a message.",
    "usi.application_id_repeated": "Every ApplicationId stands once in a message.",
    "usi.application_id_empty": "No ApplicationId is empty or blank.",
    "usi.request_id_empty": "The RequestId is not empty or blank.",
    # --- names ---
    "usi.name_branch": "A person has a first and a family name, or a single name, and never both or neither.",
    "usi.empty_name": "No name is empty or blank.",
    "usi.untrimmed_name": "No name has white space at its ends.",
    "usi.foreign_name": "A verification carries no middle name and no preferred name.",
    "usi.name_characters": "The names of a record hold none of the characters ` ~ ? / \\.",
    "usi.locate_name": "A look-up has a family name or a single name.",
    # --- texts ---
    "usi.empty_optional": "What need not stand and has nothing to say is left out.",
    "usi.boolean_form": "Every boolean is written true or false.",
    "usi.date_form": "Every date is exactly yyyy-mm-dd, without time and without zone.",
    "usi.check_character": "Every USI that is sent has a right check character.",
    "usi.phone": "A telephone number has enough digits to be one.",
    # --- contact ---
    "usi.contact_means": "An application has two means of contact.",
    "usi.country_of_residence": "The country of residence is not empty.",
    # --- documents ---
    "usi.document_type": "A DVSDocument names its concrete type by xsi:type, in the contract's namespace.",
    "usi.document_needed": "Where DVSCheckRequired is true there is a DVSDocument.",
    "usi.document_alternative": "An application without a check has a NonDvsDocumentTypeId.",
    "usi.document_both": "A DVSDocument and a non-DVS document are never sent together.",
    "usi.card_number": "A driver's licence has its card number where the state's has one.",
    "usi.birth_certificate": "A birth certificate has the number or date that its state is searched by.",
    "usi.date_printed": "A birth certificate of ACT or SA says when it was printed.",
    "usi.medicare_expiry": "A green Medicare card expires in a month, a blue or yellow one on a day.",
    # --- updates ---
    "usi.modifier": "The element that the modifier names is in PersonalDetailsUpdate.",
    "usi.one_change": "PersonalDetailsUpdate holds nothing but what the modifier names.",
    "usi.change_document": "A change of a legal name or of the date of birth comes with a document.",
}
"""Code -> what must hold."""

RECORD_RULES: Final = frozenset(
    {
        "usi.name_characters",
        "usi.phone",
        "usi.contact_means",
        "usi.country_of_residence",
        "usi.document_needed",
        "usi.document_alternative",
        "usi.document_both",
        "usi.card_number",
        "usi.birth_certificate",
        "usi.date_printed",
        "usi.medicare_expiry",
    }
)
"""Codes that concern one application by itself and not the message that it came in."""
