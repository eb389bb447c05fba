"""All addresses of the clinic."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import JavaScriptCatalog

from cryomassage_clinic.web import errors

urlpatterns = [
    path("", include("cryomassage_clinic.web.urls")),
    path("staff/", include("cryomassage_clinic.accounts.urls")),
    path("account/", include("cryomassage_clinic.accounts.entrance_urls")),
    path("places/", include("cryomassage_clinic.places.urls")),
    path("audit/", include("cryomassage_clinic.audit.urls")),
    path("clients/", include("cryomassage_clinic.clients.urls")),
    path("screening/", include("cryomassage_clinic.screening.urls")),
    path("consents/", include("cryomassage_clinic.consents.urls")),
    path("chart/", include("cryomassage_clinic.charting.urls")),
    path("courses/", include("cryomassage_clinic.courses.urls")),
    path("calendar/", include("cryomassage_clinic.visits.urls")),
    path("data/", include("cryomassage_clinic.custody.urls")),
    path("words.js", JavaScriptCatalog.as_view(packages=["cryomassage_clinic.web"]), name="words"),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken
