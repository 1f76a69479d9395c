"""URLs of a project that includes none of ours."""

urlpatterns = []
