# The image holds the one binary, certificates and time zones, and no shell.
FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/weiche weiche/services/cmd/weiche \
    && mkdir /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/weiche /usr/local/bin/weiche
COPY --from=build --chown=65532:65532 /out/data /data
# Where processes with one role each share the files of messages.
COPY --from=build --chown=65532:65532 /out/data /media
USER 65532:65532
VOLUME /data
EXPOSE 8080
# Health, metrics and operators are at 127.0.0.1:8081 in the container, for itself
# alone: WEICHE_ADMIN says otherwise.
HEALTHCHECK --interval=10s --start-period=30s CMD ["weiche", "ready"]
ENV WEICHE_DATA=/data WEICHE_HTTP=:8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["weiche"]
CMD ["serve"]
