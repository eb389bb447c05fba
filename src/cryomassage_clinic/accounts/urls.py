"""Addresses of the pages about people."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from cryomassage_clinic.accounts.views import entrance, lock, own, staff

urlpatterns: list[URLPattern | URLResolver] = [
    path("", staff.staff_list, name="staff_list"),
    path("new/", staff.staff_new, name="staff_new"),
    path("member/<str:pk>/", staff.staff_edit, name="staff_edit"),
    path("member/<str:pk>/link/", staff.staff_link, name="staff_link"),
    path("member/<str:pk>/link/once/", staff.staff_link_shown, name="staff_link_shown"),
    path("member/<str:pk>/log-out/", staff.staff_sessions_end, name="staff_sessions_end"),
    path("me/", own.own_settings, name="own_settings"),
    path("me/pin/", own.own_pin, name="own_pin"),
    path("me/password/", own.own_password, name="own_password"),
    path("me/sessions/end/", own.own_sessions_end, name="own_sessions_end"),
    path("me/sessions/<str:pk>/end/", own.own_session_end, name="own_session_end"),
    path("invitation/<str:token>/", entrance.invitation, name="invitation"),
    path("setup/<str:token>/", entrance.setup, name="setup"),
    path("lock/", lock.lock, name="lock"),
    path("unlock/", lock.unlock, name="unlock"),
    path("unlock/passkey/", lock.unlock_passkey, name="unlock_passkey"),
    path("take-over/", lock.take_over, name="take_over"),
    path("leave/", lock.leave, name="leave"),
    path("waiting/", lock.waiting, name="waiting"),
    path("session-state/", lock.session_state, name="session_state"),
    path("relogin/", entrance.relogin, name="relogin"),
]
