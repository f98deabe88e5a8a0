"""`python -m conformance.adapters.product_form` writes the schemas of the operations again."""

from conformance.adapters.product_form.schemas import write

if __name__ == "__main__":
    write()
