"""Addresses of the login library that are open here. What is not listed does not exist: signing up, mail, …"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.db import transaction
from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from cryomassage_clinic.accounts.views import entrance, login

# Of what these change and the rows of audit that tell of it, all is written or nothing.
_whole = transaction.atomic

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", login.Login.as_view(), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("forgotten/", entrance.forgotten, name="account_reset_password"),
    path("confirm/", login.Reauthenticate.as_view(), name="account_reauthenticate"),
    path(
        "password/change/",
        RedirectView.as_view(pattern_name="own_password"),
        name="account_change_password",
    ),
    path("security/", mfa.index, name="mfa_index"),
    path("security/second-step/", login.SecondStep.as_view(), name="mfa_authenticate"),
    path("security/confirm/", login.ReauthenticateByCode.as_view(), name="mfa_reauthenticate"),
    path("security/app/", _whole(login.ActivateApp.as_view()), name="mfa_activate_totp"),
    path("security/app/remove/", _whole(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("security/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("security/codes/new/", _whole(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("security/codes/download/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("security/passkeys/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("security/passkeys/new/", _whole(login.AddPasskey.as_view()), name="mfa_add_webauthn"),
    path("security/passkeys/confirm/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("security/passkeys/login/", login.PasskeyLogin.as_view(), name="mfa_login_webauthn"),
    path("security/passkeys/<int:pk>/remove/", _whole(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path("security/passkeys/<int:pk>/name/", login.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
]
