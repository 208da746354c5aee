"""python -m services.refund"""

from services.refund.handlers import SERVICE
from shared.launch import app_of
from shared.messaging.app import serve

app = app_of(SERVICE)

if __name__ == "__main__":
    serve(app)
