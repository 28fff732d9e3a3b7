from a_web_framework_of_the_image import Settings


class Page(Settings):
    title: str = "page"
