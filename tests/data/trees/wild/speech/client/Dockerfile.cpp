#---
# group: speech
#---
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
