from setuptools import setup

CHANNELS = 100

setup(
    name="nanobot-bench-webhook",
    version="0.1.0",
    description="A webhook channel to measure gateways with",
    py_modules=["nanobot_bench_webhook"],
    python_requires=">=3.11",
    entry_points={
        "nanobot.channels": [
            "webhook = nanobot_bench_webhook:WebhookChannel",
            *(f"hook{n:03} = nanobot_bench_webhook:hook{n:03}" for n in range(1, CHANNELS + 1)),
        ]
    },
)
