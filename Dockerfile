# The service, and nothing that only its build needs. Runs on a read-only root, without any
# capability; it writes to /tmp and /dev/shm alone.
FROM docker.io/library/python:3.11-slim-bookworm AS build

WORKDIR /build
COPY requirements.lock .
# The environment of the service has no pip: whoever gets in finds nothing to install with.
RUN python3 -m venv pip \
 && python3 -m venv --without-pip /opt/advisor \
 && pip/bin/pip --python /opt/advisor/bin/python install \
      --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.lock

WORKDIR /app
COPY LICENSE openapi.yaml gunicorn.conf.py ./
COPY service service
# By content: on a read-only root, nobody could write them anew where times differ.
RUN python3 -m compileall -q --invalidation-mode unchecked-hash service


FROM docker.io/library/python:3.11-slim-bookworm

ARG REVISION=unknown
LABEL org.opencontainers.image.title="Kairos Upgrade Advisor" \
      org.opencontainers.image.description="Which image should a Kairos node upgrade to?" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim-bookworm"

COPY --from=build /opt/advisor /opt/advisor
COPY --from=build /app /app

ENV PATH=/opt/advisor/bin:$PATH PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8080

HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["python3", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.getenv('PORT') or 8080), timeout=2); c.request('GET', '/livez'); raise SystemExit(c.getresponse().status != 200)"]

CMD ["gunicorn", "service.wsgi:app"]
