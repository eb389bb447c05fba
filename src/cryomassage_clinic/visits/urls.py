"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.visits import booking_views, course_views, feed_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.calendar, name="calendar"),
    path("today/", views.today_list, name="today_list"),
    path("new/", booking_views.booking_new, name="booking_new"),
    path("bookings/<uuid:pk>/", booking_views.booking_page, name="booking_page"),
    path("bookings/<uuid:pk>/move/", booking_views.booking_move, name="booking_move"),
    path("bookings/<uuid:pk>/arrived/", booking_views.booking_arrived, name="booking_arrived"),
    path("bookings/<uuid:pk>/not-arrived/", booking_views.booking_not_arrived, name="booking_not_arrived"),
    path("bookings/<uuid:pk>/missed/", booking_views.booking_missed, name="booking_missed"),
    path("bookings/<uuid:pk>/cancel/", booking_views.booking_cancel, name="booking_cancel"),
    path("bookings/<uuid:pk>/appointment.ics", booking_views.booking_ics, name="booking_ics"),
    path("courses/<uuid:pk>/", course_views.course_book, name="course_book"),
    path("feeds/", feed_views.feed_list, name="feed_list"),
    path("feeds/<uuid:pk>/revoke/", feed_views.feed_revoke, name="feed_revoke"),
    path("feed/<str:token>/appointments.ics", feed_views.feed, name="feed"),
]
