"""python -m services.payment"""

from services.payment.handlers import SERVICE
from shared.launch import app_of
from shared.messaging.app import serve

app = app_of(SERVICE)

if __name__ == "__main__":
    serve(app)
