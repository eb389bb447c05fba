"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.courses import comparing, course_views, plan_files, plan_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("plans/", plan_views.plan_list, name="plan_list"),
    path("plans/compare/", comparing.plan_compare, name="plan_compare"),
    path("plans/<uuid:pk>/", plan_views.plan_page, name="plan_page"),
    path("plans/<uuid:pk>/progress/", plan_views.plan_progress, name="plan_progress"),
    path("plans/<uuid:pk>/approve/", plan_views.plan_approve, name="plan_approve"),
    path("plans/<uuid:pk>/revoke/", plan_views.plan_revoke, name="plan_revoke"),
    path("plans/<uuid:pk>/card/", plan_files.plan_card, name="plan_card"),
    path("plans/<uuid:pk>/plan.json", plan_files.plan_json, name="plan_json"),
    path("plans/<uuid:pk>/report.html", plan_files.plan_report, name="plan_report"),
    path("plans/<uuid:pk>/pictures/<slug:name>.svg", plan_files.plan_picture, name="plan_picture"),
    path("new/<uuid:pk>/", course_views.course_new, name="course_new"),
    path("<uuid:pk>/", course_views.course_page, name="course_page"),
    path("<uuid:pk>/edit/", course_views.course_edit, name="course_edit"),
    path("<uuid:pk>/end/", course_views.course_end, name="course_end"),
    path("<uuid:pk>/review/", course_views.course_review, name="course_review"),
    path("<uuid:pk>/plan/", course_views.plan_ask, name="plan_ask"),
]
