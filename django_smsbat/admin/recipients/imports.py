"""Import in the admin: a file is previewed, confirmed, and imported in the background."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from django_smsbat import runners
from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.recipients.column_mapping import ColumnMappingForm
from django_smsbat.admin.sentences import translated
from django_smsbat.models import RecipientList, RecipientUpload, UploadState
from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.recipients.imports.readers import LimitExceeded

NEEDED: Final = ("add_recipient", "change_recipient", "add_recipientlist", "change_recipientlist")
_SEPARATORS: Final = {
    ",": _("comma"),
    ";": _("semicolon"),
    "\t": _("tab"),
    "|": _("vertical bar"),
}
_PROGRESS: Final = "admin/smsbat/recipient/import_progress.html"


def may_import(request: HttpRequest) -> bool:
    return all(request.user.has_perm(f"smsbat.{name}") for name in NEEDED)


class UploadForm(forms.Form):
    """A file and the list to import its recipients into."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or XLSX with headings. The next page shows what each column is taken for, and "
            "you can change it there."
        ),
    )
    list = forms.ModelChoiceField(
        RecipientList.objects.all(), label=_("Into the list"), required=False
    )
    new_list = forms.CharField(
        label=_("or into a new list"),
        required=False,
        max_length=RecipientList._meta.get_field("name").max_length,
    )

    opt_out = forms.BooleanField(
        label=_("These people have opted out"),
        help_text=_(
            "Nothing promotional is sent to them any more. They join no list; a plain list of "
            "numbers is enough."
        ),
        required=False,
    )

    def clean(self) -> Any:
        chosen = [self.cleaned_data.get("list"), self.cleaned_data.get("new_list")]
        lists = sum(bool(one) for one in chosen)
        if self.cleaned_data.get("opt_out"):
            if lists:
                raise forms.ValidationError(_("People who have opted out join no list."))
        elif lists != 1:
            raise forms.ValidationError(_("Choose a list, or give a new one a title."))
        return self.cleaned_data


class Importing:
    """The import views; all require permission to change recipients and lists."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def urls(self) -> list[URLPattern]:
        views = {
            "import/": ("import", self.begin),
            "import/<int:key>/": ("import_one", self.one),
            "import/<int:key>/progress/": ("import_progress", self.progress),
            "import/<int:key>/rejects/": ("import_rejects", self.rejects),
        }
        wrap = self._page.admin_site.admin_view
        return [
            path(route, wrap(view), name=f"smsbat_recipient_{name}")
            for route, (name, view) in views.items()
        ]

    def begin(self, request: HttpRequest) -> HttpResponse:
        """GET shows the upload form, POST stores the file and shows the preview."""
        self._insist(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            try:
                kept = _keep(form.cleaned_data, request.user.get_username())
            except LimitExceeded as error:
                form.add_error("file", translated(error))
            else:
                return HttpResponseRedirect(_url("import_one", kept))
        return self._shown(request, "import.html", {"form": form})

    def one(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET shows the preview or the progress; POST changes columns or starts the import."""
        upload = self._found(request, key)
        if upload.state == UploadState.LOOKED_AT:
            return self._preview(request, upload)
        if request.method == "POST":
            if uploads.is_silent(upload):
                runners.wake_import()
            return HttpResponseRedirect(_url("import_one", upload))
        return self._shown(request, "import_one.html", _progress(upload))

    def _preview(self, request: HttpRequest, upload: RecipientUpload) -> HttpResponse:
        preview = uploads.preview_of(upload)
        data = request.POST if "use_0" in request.POST else None
        is_text = preview.format is not None and bool(preview.format.encoding)
        form = ColumnMappingForm(preview.columns, upload.encoding, data, is_text=is_text)
        if request.method == "POST" and (data is None or form.is_valid()):
            self._confirm(request, upload, form)
            return HttpResponseRedirect(_url("import_one", upload))
        context = {
            "preview": preview,
            "form": form,
            "previewed": uploads.PREVIEWED,
            "separator": _SEPARATORS.get(preview.format.separator) if preview.format else "",
        }
        return self._shown(request, "import_one.html", {**_progress(upload), **context})

    def _confirm(
        self, request: HttpRequest, upload: RecipientUpload, form: ColumnMappingForm
    ) -> None:
        """Start the import, unless the columns changed: then show the preview again first."""
        if form.is_bound and form.has_changed():
            chosen = form.cleaned_data
            login = request.user.get_username()
            if uploads.choose_columns(upload, chosen["columns"], chosen["encoding"], login):
                if "_preview" not in request.POST:
                    text = _("The columns have changed. Check the preview, then import.")
                    messages.warning(request, text)
                return
        if "_preview" not in request.POST and uploads.confirm(upload):
            messages.success(request, _("The import runs in the background."))

    def progress(self, request: HttpRequest, key: int) -> HttpResponse:
        upload = self._found(request, key)
        return HttpResponse(render_to_string(_PROGRESS, _progress(upload), request))

    def rejects(self, request: HttpRequest, key: int) -> Any:
        """Download the rejected rows with the reasons, for correction and a new import."""
        upload = self._found(request, key)
        answer = StreamingHttpResponse(uploads.rejects_of(upload), content_type="text/csv")
        answer["Content-Disposition"] = f'attachment; filename="rejects-{upload.pk}.csv"'
        return answer

    def _insist(self, request: HttpRequest) -> None:
        if not may_import(request):
            raise PermissionDenied

    def _found(self, request: HttpRequest, key: int) -> RecipientUpload:
        self._insist(request)
        upload = RecipientUpload.objects.filter(pk=key).first()
        if upload is None:
            raise Http404
        return upload

    def _shown(
        self, request: HttpRequest, template: str, context: dict[str, Any]
    ) -> TemplateResponse:
        title = _("Import recipients")
        return own_page(self._page, request, f"recipient/{template}", title, **context)


def _keep(data: Mapping[str, Any], login: str) -> RecipientUpload:
    return uploads.keep(
        data["file"].chunks(),
        data["file"].name,
        str(data["list"] or data["new_list"] or ""),
        login,
        opt_out=data["opt_out"],
    )


def _progress(upload: RecipientUpload) -> dict[str, Any]:
    return {
        "upload": upload,
        "is_live": upload.state in (UploadState.QUEUED, UploadState.RUNNING),
        "is_silent": uploads.is_silent(upload),
        "list": RecipientList.objects.filter(name=upload.list_name).first(),
    }


def _url(name: str, upload: RecipientUpload) -> str:
    return reverse(f"admin:smsbat_recipient_{name}", args=[upload.pk])
