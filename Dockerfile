# The binary alone, non-root: `make build` writes it, this puts it into an image. It holds the public root certificates itself.
FROM scratch
COPY bin/qlik-bridge /qlik-bridge
# The spool's folder, empty and the user's own: a volume that is mounted there first takes over whose it is.
COPY --chown=65532:65532 bin/spool /spool
ENV QLIK_BRIDGE_SPOOL_DIR=/spool
USER 65532:65532
EXPOSE 8080 9090
ENTRYPOINT ["/qlik-bridge"]
CMD ["serve"]
