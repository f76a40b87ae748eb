# The service with its model inside: docker build -t stance . && docker run --rm --network none stance classify "It denied that."
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY stance stance
COPY models models
RUN python -m venv /opt/stance && /opt/stance/bin/pip install --no-cache-dir ".[serve]"

FROM python:3.12-slim
COPY --from=build /opt/stance /opt/stance
RUN useradd --system --no-create-home --shell /usr/sbin/nologin stance
USER stance
ENV PATH=/opt/stance/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["stance"]
CMD ["serve", "--host", "0.0.0.0"]
